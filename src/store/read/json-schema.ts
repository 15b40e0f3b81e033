/** The JSON Schema validator, loaded when a rule needs it. Linear in schema times value: no pattern backtracks. */
import type { Ajv2020 } from "ajv/dist/2020.js";
import type { CompileSchema } from "../../model/check/json-schema.js";
import { sortedJson } from "../../model/check/json-values.js";
import { compilePattern } from "../../model/check/pattern.js";
import { AgensightError } from "../../model/error.js";
import { loadModule } from "../engines/load-module.js";

/** Steps of a pattern times characters. */
const mostMatching = 2e7;

export function loadSchemaCompiler(): CompileSchema {
  let compiler: CompileSchema | undefined;
  return (schema) => {
    compiler ??= openAjv();
    return compiler(schema);
  };
}

function openAjv(): CompileSchema {
  const module = loadModule("ajv/dist/2020.js") as { Ajv2020: typeof Ajv2020 } | undefined;
  if (module === undefined)
    throw new AgensightError("internal", "the JSON Schema validator ajv cannot be loaded", {
      hint: "Install the package again: npm install agensight.",
    });
  const ajv = new module.Ajv2020({
    strict: false,
    strictSchema: true,
    strictNumbers: true,
    allowUnionTypes: true,
    validateFormats: false,
    addUsedSchema: false,
    logger: false,
    code: { regExp: Object.assign(linear, { code: "undefined" }) },
  });
  // ajv compares each element with each other one
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (wanted: boolean, items: unknown[]) => !wanted || new Set(items.map(sortedJson)).size === items.length,
    error: { message: "must NOT have duplicate items" },
  });
  return (schema) => {
    const { $schema: _, ...own } = typeof schema === "object" ? schema : {};
    const validate = ajv.compile(typeof schema === "object" ? own : schema);
    return (value) => {
      if (validate(value)) return null;
      const error = validate.errors?.[0];
      const about = error?.params.additionalProperty ?? error?.params.unevaluatedProperty ?? error?.params.propertyName;
      return {
        path: error?.instancePath ?? "",
        problem: error?.message ?? "is not valid",
        about: typeof about === "string" ? about : null,
      };
    };
  };
}

function linear(source: string) {
  const pattern = compilePattern(source);
  return {
    // by which ajv tells patterns apart
    toString: () => source,
    test(text: string) {
      if (text.length * pattern.steps > mostMatching) throw new Error("a text is too long for a pattern");
      return pattern.test(text);
    },
  };
}
