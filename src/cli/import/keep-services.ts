/** Retention for what was imported: it belongs to the file, for each service, as a recording program would ask for it. */
import type { ResourceSpans } from "../../model/otlp.js";
import { enforceRetention, setRetention } from "../../store/retention.js";
import { openForChange } from "../open-for-change.js";
import type { Settings } from "../settings.js";

/** Notes the services of a request. */
export function collectServices(resourceSpans: ResourceSpans[], into: Set<string>): void {
  for (const { resource } of resourceSpans.filter(Boolean)) {
    const attributes = Array.isArray(resource?.attributes) ? resource.attributes : [];
    const name = attributes.find((attribute) => attribute?.key === "service.name")?.value?.stringValue;
    if (name) into.add(name);
  }
}

/** Sets the limits of each service and enforces them; a limit that is not given is lifted. */
export async function keepServices(services: Iterable<string>, settings: Settings): Promise<void> {
  const { max_age_s = null, max_bytes = null } = settings.retention;
  if (max_age_s === null && max_bytes === null) return;
  const { engine, writer } = await openForChange(settings);
  try {
    for (const service of services) setRetention(writer, service, max_age_s, max_bytes);
    while (enforceRetention(writer));
  } finally {
    engine.close();
  }
}
