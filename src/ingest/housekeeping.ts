/** When a thread that writes also keeps house: soon after the last write, and now and then under steady load. */

/** ms after the last write: for the search index, for traces that settle after three quiet seconds, for the rest. */
const afterWriting = [300, 3_500, 60_000];
const atLeastEvery = 2_000;
/** ms between steps while more is waiting: what arrives meanwhile comes first. */
const betweenSteps = 10;

export type Housekeeping = {
  /** Call it between two writes. */
  betweenWrites(): void;
  /** Nothing is left to be written. */
  idle(): void;
  /** Writing begins, or has ended for good. */
  pause(): void;
};

/** `step`: one short step; true when more is waiting. Keeps no process alive. */
export function startHousekeeping(step: () => boolean): Housekeeping {
  let timer: NodeJS.Timeout | undefined;
  let steppedAt = performance.now();

  function keep(): boolean {
    steppedAt = performance.now();
    return step();
  }
  function later(round: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => now(round), afterWriting[Math.min(round, afterWriting.length - 1)]).unref();
  }
  function now(round: number): void {
    if (keep()) timer = setTimeout(() => now(round), betweenSteps).unref();
    else later(round + 1);
  }
  return {
    betweenWrites() {
      if (performance.now() - steppedAt > atLeastEvery) keep();
    },
    idle: () => later(0),
    pause: () => clearTimeout(timer),
  };
}
