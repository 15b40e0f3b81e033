// How a loop stands in a run: ordinary steps before and after it.
import { answer, ask, ordinary } from "../made/play.mjs";

/** The same call `times` times; gives the tools' spans. */
export const same = (name, args, result, times) => (run) =>
  Array.from({ length: times }, () => run.step([[name, args, { result }]]).tools[0]);

/** Plays `before` ordinary steps, the loop, `after` ordinary steps and the answer. */
export const around =
  (before, loop, after = 0, end = answer) =>
  (run) => {
    ask(run);
    ordinary(run, before);
    const spans = loop(run);
    ordinary(run, after);
    end(run);
    return { spans };
  };

/** The agent says that it found nothing. */
export const gaveUp = (run) => run.say("I could not find this out. Please contact our team by phone.");
