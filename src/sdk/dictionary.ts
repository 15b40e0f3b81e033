/** Resources and scopes cross to the recorder's thread once; spans refer to them by number. */
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { PackedResource, PackedScope } from "./packed-span.js";

export type Dictionary = {
  resource(resource: Resource): number;
  scope(scope: InstrumentationScope): number;
  /** What has not been sent yet; counts as sent from then on. */
  additions(): { resources: PackedResource[]; scopes: PackedScope[] };
  /** Nothing counts as sent any more: another thread listens. */
  rewind(): void;
};

export function createDictionary(): Dictionary {
  const resources = createEntries<Resource, PackedResource>(({ attributes, schemaUrl }) => ({
    attributes: { ...attributes },
    ...(schemaUrl ? { schemaUrl } : {}),
  }));
  const scopes = createEntries<InstrumentationScope, PackedScope>(({ name, version, schemaUrl }) => ({
    name,
    ...(version ? { version } : {}),
    ...(schemaUrl ? { schemaUrl } : {}),
  }));
  return {
    resource: resources.number,
    scope: scopes.number,
    additions: () => ({ resources: resources.additions(), scopes: scopes.additions() }),
    rewind() {
      resources.rewind();
      scopes.rewind();
    },
  };
}

function createEntries<Source extends object, Packed>(pack: (source: Source) => Packed) {
  const numbers = new WeakMap<Source, number>();
  const entries: Packed[] = [];
  const nothing: Packed[] = [];
  let sent = 0;
  return {
    number(source: Source): number {
      let number = numbers.get(source);
      if (number === undefined) {
        number = entries.push(pack(source)) - 1;
        numbers.set(source, number);
      }
      return number;
    },
    additions(): Packed[] {
      if (sent === entries.length) return nothing;
      const added = entries.slice(sent);
      sent = entries.length;
      return added;
    },
    rewind(): void {
      sent = 0;
    },
  };
}
