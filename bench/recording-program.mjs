// A program that records: bench/recording.mjs runs it as a child and reads one JSON line of figures.
// Arguments: what to measure, who records (nothing, batch, agensight), bytes a span, spans, spans a second.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

const [, , measure, recorder, ...numbers] = process.argv;
const [bytes, spans, rate] = numbers.map(Number);

const warmUp = 2000;

const startRecording = {
  /** OpenTelemetry's own processor with an exporter that does nothing. */
  batch: async () => {
    const { trace } = await import("@opentelemetry/api");
    const { BasicTracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
    const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} };
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }));
    return { tracer: trace.getTracer("bench"), flush: async () => {} };
  },
  agensight: async () => {
    const { trace } = await import("@opentelemetry/api");
    const { setupTracing } = await import("../dist/index.js");
    const { flush } = setupTracing("bench");
    return { tracer: trace.getTracer("bench"), flush };
  },
};

const words = "the agent asked for a table of flights and the tool answered with prices in euro, twice ".repeat(200);

function recordSpan(tracer, number, parent) {
  const span = tracer.startSpan("chat gpt-4o-mini", { kind: 2 }, parent);
  span.setAttribute("gen_ai.operation.name", "chat");
  span.setAttribute("gen_ai.provider.name", "openai");
  span.setAttribute("gen_ai.request.model", "gpt-4o-mini");
  span.setAttribute("gen_ai.response.model", "gpt-4o-mini-2024-07-18");
  span.setAttribute("gen_ai.response.id", `chatcmpl-${number}`);
  span.setAttribute("gen_ai.usage.input_tokens", 400 + (number % 100));
  span.setAttribute("gen_ai.usage.output_tokens", number % 300);
  span.setAttribute("gen_ai.response.finish_reasons", ["stop"]);
  const text = `${number} ${words.slice(number % 500, (number % 500) + bytes - 500)}`;
  span.setAttribute("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"${text}"}]}]`);
  span.end();
}

/** Spans at a steady rate, as many as are due every `tick` ms. */
async function recordSteadily(tracer, count, tick) {
  const began = performance.now();
  for (let done = 0; done < count; await delay(tick)) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) / 1000) * rate));
    while (done < due) recordSpan(tracer, done++);
  }
}

/** CPU time of the program's thread in µs; Linux counts it, elsewhere its event loop's busy time stands in. */
function threadTime() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1000;
  } catch {
    return performance.eventLoopUtilization().active * 1000;
  }
}

const measures = {
  async cost({ tracer, flush }) {
    await recordSteadily(tracer, warmUp, 20);
    await flush();
    const before = threadTime();
    await recordSteadily(tracer, spans, 20);
    const us = (threadTime() - before) / spans;
    await flush();
    return { us };
  },

  async delay({ tracer, flush }) {
    await recordSteadily(tracer, warmUp, 1);
    await flush();
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    histogram.enable();
    await recordSteadily(tracer, spans, 1);
    histogram.disable();
    await flush();
    return { p99: histogram.percentile(99) / 1e6 };
  },

  /** Memory of the whole process, the recorder's thread included, in MB after each tenth of the spans. */
  async memory({ tracer, flush }) {
    const { ROOT_CONTEXT, trace } = await import("@opentelemetry/api");
    const steps = [];
    for (let step = 0; step < 10; step++) {
      for (let done = 0; done < spans / 10; done += 1000) {
        for (let run = 0; run < 100; run++) {
          const root = tracer.startSpan("run", undefined, ROOT_CONTEXT);
          for (let n = 0; n < 9; n++) recordSpan(tracer, done + n, trace.setSpan(ROOT_CONTEXT, root));
          root.end();
        }
        await flush();
      }
      steps.push(process.memoryUsage.rss() / 1e6);
    }
    return { steps };
  },
};

const imports = { batch: "@opentelemetry/sdk-trace-base", agensight: "../dist/index.js" };

async function importTime() {
  const began = performance.now();
  await import(imports[recorder]);
  return { ms: performance.now() - began };
}

const figures = measure === "import" ? await importTime() : await measures[measure](await startRecording[recorder]());
process.stdout.write(`${JSON.stringify(figures)}\n`);
