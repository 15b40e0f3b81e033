/** Spans as a forest. Pure and iterative: deep chains, cycles, self-parents and missing parents all give a tree. */

export type TreeSpan = { span_id: string; parent_span_id: string | null };

export type TreeNode<T extends TreeSpan> = {
  span: T;
  parent: TreeNode<T> | null;
  /** in the order the spans were given */
  children: TreeNode<T>[];
  /** 0 at a root */
  depth: number;
  /** nodes below this one, at any depth */
  descendants: number;
  /** a root although it names a parent: the parent is not among the spans, or naming it would close a circle */
  orphan: boolean;
};

/** All nodes below and including `roots`, parents before children, in reading order. */
export function* walkTree<T extends TreeSpan>(roots: readonly TreeNode<T>[]): Generator<TreeNode<T>> {
  const stack = [...roots].reverse();
  for (let node = stack.pop(); node; node = stack.pop()) {
    yield node;
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i] as TreeNode<T>);
  }
}

/** The roots of the forest, in the order given. Of two spans with one id the first counts. */
export function buildTree<T extends TreeSpan>(spans: readonly T[]): TreeNode<T>[] {
  const nodes = new Map<string, TreeNode<T>>();
  for (const span of spans) {
    if (!nodes.has(span.span_id)) {
      nodes.set(span.span_id, { span, parent: null, children: [], depth: 0, descendants: 0, orphan: false });
    }
  }
  const roots: TreeNode<T>[] = [];
  for (const node of nodes.values()) {
    const parent = node.span.parent_span_id === null ? undefined : nodes.get(node.span.parent_span_id);
    if (parent && parent !== node) {
      node.parent = parent;
      parent.children.push(node);
    } else {
      node.orphan = node.span.parent_span_id !== null;
      roots.push(node);
    }
  }
  const reached = new Set(walkTree(roots));
  for (const node of nodes.values()) {
    if (reached.has(node)) continue;
    // Only circles and what hangs on them are left: the first member met becomes a root.
    const siblings = node.parent?.children;
    siblings?.splice(siblings.indexOf(node), 1);
    node.parent = null;
    node.orphan = true;
    roots.push(node);
    for (const below of walkTree([node])) reached.add(below);
  }
  const order = [...walkTree(roots)];
  for (const node of order) node.depth = node.parent ? node.parent.depth + 1 : 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as TreeNode<T>;
    if (node.parent) node.parent.descendants += node.descendants + 1;
  }
  return roots;
}
