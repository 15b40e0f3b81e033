/** What a server is made from. */
import type { LiveFeed } from "../store/live-feed.js";
import type { TraceReader } from "../store/reader.js";
import type { OtherStore } from "./missing-store.js";

export type ServerOptions = {
  /** asked at every call; null while there is no database file */
  reader: () => Promise<TraceReader | null>;
  /** what happens while it happens; shared by all connections of a process */
  live: LiveFeed;
  /** the file that is or will be read */
  storePath: string;
  /** stores that programs on this machine used lately */
  otherStores?: () => Promise<OtherStore[]>;
  /** of Agensight */
  version: string;
  /** ms since the epoch; for tests */
  now?: () => number;
};
