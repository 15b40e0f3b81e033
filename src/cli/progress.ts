/** A progress bar on the last line of a terminal; silent elsewhere. */
import { formatAge, formatSize } from "./quantity.js";

export type Progress = {
  /** `done` of `total` bytes (null = unknown) */
  bytes(done: number, total: number | null): void;
  text(what: string): void;
  /** A line that stays, above the bar. */
  note(line: string): void;
  end(): void;
};

const barWidth = 24;
/** ms between two drawings */
const pace = 100;

export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const shown = stream.isTTY === true && process.env.TERM !== "dumb";
  const started = performance.now();
  let drawn = Number.NEGATIVE_INFINITY;
  let current = "";

  const draw = (line: string) => {
    if (!shown || performance.now() - drawn < pace) return;
    drawn = performance.now();
    current = line.slice(0, (stream.columns || 80) - 1);
    stream.write(`\r\u001b[K${current}`);
  };
  return {
    bytes(done, total) {
      if (!shown) return;
      const seconds = (performance.now() - started) / 1000;
      const rate = done / Math.max(seconds, 0.001);
      const speed = `${formatSize(rate)}/s`;
      if (!total) return draw(`${formatSize(done)}  ${speed}`);
      const part = Math.min(1, done / total);
      const filled = Math.round(part * barWidth);
      const left = seconds > 1 ? `  ${formatAge((total - done) / rate)} left` : "";
      draw(
        `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${Math.floor(part * 100)} %  ${formatSize(done)} of ${formatSize(total)}  ${speed}${left}`,
      );
    },
    text: draw,
    note(line) {
      stream.write(shown && current ? `\r\u001b[K${line}\n${current}` : `${line}\n`);
    },
    end() {
      if (shown && current) stream.write("\r\u001b[K");
      current = "";
    },
  };
}
