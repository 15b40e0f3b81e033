import { describe, expect, it } from "vitest";
import { buildTree, type TreeNode, type TreeSpan, walkTree } from "../../src/model/tree.js";

const span = (span_id: string, parent_span_id: string | null): TreeSpan => ({ span_id, parent_span_id });
const shape = (roots: readonly TreeNode<TreeSpan>[]) =>
  [...walkTree(roots)].map((node) => `${" ".repeat(node.depth)}${node.span.span_id}${node.orphan ? "?" : ""}`);

describe("a tree of spans", () => {
  it("holds children under their parents in the order given, wherever the parent stands", () => {
    const roots = buildTree([span("c", "a"), span("a", null), span("b", "a"), span("d", "c")]);
    expect(shape(roots)).toEqual(["a", " c", "  d", " b"]);
    expect(roots[0]?.descendants).toBe(3);
  });

  it("makes a root of a span whose parent is missing or itself", () => {
    expect(shape(buildTree([span("a", "gone"), span("b", "b"), span("c", "a")]))).toEqual(["a?", " c", "b?"]);
  });

  it("shows every span of a circle once", () => {
    expect(shape(buildTree([span("r", null), span("a", "c"), span("b", "a"), span("c", "b"), span("x", "b")]))).toEqual(
      ["r", "a?", " b", "  c", "  x"],
    );
  });

  it("counts the first of two spans with one id", () => {
    expect(shape(buildTree([span("a", null), span("b", "a"), span("b", null)]))).toEqual(["a", " b"]);
  });

  it("takes a chain of 200,000 spans", () => {
    const chain = Array.from({ length: 200_000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`));
    const [root] = buildTree(chain);
    expect(root?.descendants).toBe(199_999);
  });
});
