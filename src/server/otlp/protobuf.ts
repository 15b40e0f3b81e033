/** OTLP protobuf → the OTLP/JSON shape. Source: opentelemetry-proto 1.x, `trace.proto`, `logs.proto`, `common.proto`. */
import protobuf from "protobufjs";
import { AgensightError } from "../../model/error.js";
import type { LogsData, OtlpLogRecord, OtlpSpan, TracesData } from "../../model/otlp.js";

// enums are declared as numbers, which is what OTLP/JSON has; fields that are not named here are passed over
const { root } = protobuf.parse(`syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message TracesData { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Status { string message = 2; int32 code = 3; }
message LogsData { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
  repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9;
  bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12; }`);
const types = { traces: root.lookupType("TracesData"), logs: root.lookupType("LogsData") };

/** Two bytes make a message, which takes many times their memory. */
const mostFields = 2_000_000;

/** Throws where the bytes are no such message, or are nested deeper than 100 messages. Errors: too_large (fields). */
export function decodeProtobuf(signal: "traces" | "logs", bytes: Uint8Array): TracesData | LogsData {
  const type = types[signal];
  const reader = protobuf.Reader.create(bytes) as protobuf.Reader & { tag(): number };
  const readTag = reader.tag;
  let fields = 0;
  reader.tag = () => {
    if (++fields > mostFields) throw new AgensightError("too_large", `The body has more than ${mostFields} fields.`);
    return readTag.call(reader);
  };
  const data = type.toObject(type.decode(reader), { longs: String, bytes: String, json: true });
  if (signal === "logs") {
    for (const { scopeLogs } of (data as LogsData).resourceLogs ?? [])
      for (const { logRecords } of scopeLogs ?? []) logRecords?.forEach(namesInHex);
    return data;
  }
  for (const { scopeSpans } of (data as TracesData).resourceSpans ?? [])
    for (const { spans } of scopeSpans ?? [])
      for (const span of spans ?? []) {
        namesInHex(span);
        span.links?.forEach(namesInHex);
      }
  return data;
}

type Named = Pick<OtlpSpan, "parentSpanId"> & Pick<OtlpLogRecord, "traceId" | "spanId">;

/** Ids have an encoding of their own in OTLP/JSON: not base64. */
function namesInHex(item: Named): void {
  for (const key of ["traceId", "spanId", "parentSpanId"] as const) {
    const id = item[key];
    if (id !== undefined) item[key] = Buffer.from(id, "base64").toString("hex");
  }
}
