// The built package under test, and what OpenTelemetry's diag is told, on stderr.
import { DiagLogLevel, diag } from "@opentelemetry/api";

const tell =
  (level) =>
  (...args) =>
    process.stderr.write(`diag ${level}: ${args.join(" ")}\n`);
const silent = () => {};
diag.setLogger(
  { error: tell("error"), warn: tell("warn"), info: silent, debug: silent, verbose: silent },
  DiagLogLevel.ALL,
);

export const sdk = await import(`${process.env.AGENSIGHT_SDK}index.js`);
export const exporter = await import(`${process.env.AGENSIGHT_SDK}sdk/exporter.js`);
