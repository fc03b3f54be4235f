import { oneOf } from "./issues.ts";
import type { Path } from "./path.ts";
import { shown } from "./problem.ts";
import type { StackDraft } from "./scenario.ts";
import type { Source } from "./source.ts";
import { closest } from "./suggest.ts";

/** A node as scenarios name it. */
export interface NamedNode {
  readonly name: string;
  readonly role: string;
  readonly component: string;
}

/** What a target stands for. `node` is undefined when it is a whole component. */
export interface Target {
  readonly component: StackDraft;
  readonly node: NamedNode | undefined;
}

/** The stack as names can be looked up in it. A component whose config was refused is there, with nodes nobody knows. */
export class StackView {
  readonly components: readonly StackDraft[];
  readonly nodes: readonly NamedNode[];
  readonly #source: Source;

  constructor(source: Source, components: readonly StackDraft[]) {
    this.#source = source;
    this.components = components;
    this.nodes = components.flatMap((c) =>
      (c.nodes ?? []).map((node) => ({ name: `${c.name}.${node.name}`, role: node.role, component: c.name })),
    );
  }

  /** The component of that name; complains at the path when there is none. */
  component(name: string, path: Path): StackDraft | undefined {
    const found = this.components.find((c) => c.name === name);
    const names = this.components.map((c) => c.name);
    if (!found)
      this.#source.complain(path, {
        found: shown(name),
        expected: `a component of the stack: ${oneOf(names)}`,
        meant: closest(name, names),
      });
    return found;
  }

  /** What `db` or `db.primary` stands for; complains at the path when it stands for nothing. */
  target(name: string, path: Path): Target | undefined {
    const [componentName = "", nodeName] = name.split(".");
    if (nodeName === undefined) {
      const component = this.component(name, path);
      return component && { component, node: undefined };
    }
    const component = this.components.find((c) => c.name === componentName);
    const node = this.nodes.find((n) => n.name === name);
    if (component && node) return { component, node };
    if (component && !component.nodes) return undefined; // its config was refused; which nodes it has is not known
    const near = this.nodes.filter((n) => !component || n.component === componentName).map((n) => n.name);
    this.#source.complain(path, {
      found: shown(name),
      expected: `a node of the stack: ${oneOf(near)}`,
      meant: closest(name, near),
    });
    return undefined;
  }
}
