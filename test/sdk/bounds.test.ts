import { afterEach, beforeEach, expect, test } from "vitest";
import { openForWriting } from "../../src/store/open-store.js";
import { infoOf, startProgram, workspace } from "./program.js";

let space: ReturnType<typeof workspace>;
beforeEach(() => {
  space = workspace();
});
afterEach(() => space.remove());

// in sql.js the second opener is refused
test.skipIf(process.env.AGENSIGHT_SQLITE === "sqljs")(
  "While the store is locked spans wait, too many are dropped, and every one is either stored or counted",
  async () => {
    const { child, message, ended } = startProgram("burst.mjs", { db: space.db });
    expect(await message()).toBe("ready");
    const other = await openForWriting(space.db);
    other.exec("BEGIN IMMEDIATE");
    child.send("locked");
    expect(await message()).toBe("recorded");
    other.exec("ROLLBACK");
    other.close();
    child.send("unlocked");
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/diag warn: agensight: \d+ spans were dropped/);

    const { spans, dropped_spans } = await infoOf(space.db);
    expect(dropped_spans).toBeGreaterThan(0);
    expect(spans).toBeGreaterThanOrEqual(20_000);
    expect(spans + dropped_spans).toBe(25_002);
  },
);
