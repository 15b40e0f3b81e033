/** The store as it is now: there or not, or replaced by another file since the last question. */
import { statSync } from "node:fs";
import type { ReaderOptions } from "./open.js";
import type { TraceReader } from "./reader.js";

export type CurrentStore = {
  /** null while there is no file, or one in which nothing was written yet. Errors: those of opening it. */
  reader(): Promise<TraceReader | null>;
  close(): void;
};

/** `opened` is called when a file was opened. */
export function watchStore(path: string, options: ReaderOptions, opened: () => void): CurrentStore {
  let current: { file: string; reader: Promise<TraceReader | null> } | undefined;

  const open = async (): Promise<TraceReader | null> => {
    const { openReader } = await import("./open.js");
    try {
      const reader = await openReader(path, options);
      opened();
      return reader;
    } catch (error) {
      current = undefined;
      if ((error as { code?: unknown }).code === "not_found") return null;
      throw error;
    }
  };
  const close = () => {
    const left = current;
    current = undefined;
    // another question may still be reading
    left?.reader.then((reader) => setTimeout(() => reader?.close(), 1000).unref()).catch(() => {});
  };
  return {
    async reader() {
      const file = fileIdentity(path);
      if (current && current.file !== file) close();
      if (file === null) return null;
      current ??= { file, reader: open() };
      return current.reader;
    },
    close,
  };
}

/** Tells a file from another that took its name; null = no file. */
export function fileIdentity(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}.${stat.ino}.${stat.birthtimeNs}` : null;
}
