import type { RepairContext } from "../../capabilities.ts";
import type { Node } from "../../node.ts";
import type { Location, PageWrite, Where } from "../../place.ts";
import { type AdminConnections, textOf } from "./admin.ts";
import { crashInPageWrite } from "./page-write.ts";
import { findPlace, type Relations } from "./places.ts";
import { repairNode } from "./repairs.ts";

const ADMIN_TIMEOUT_MS = 2_000;
const CHECKPOINT_TIMEOUT_MS = 30_000;

/** What faults and repairs do to the files of a component's machines, and what has to be remembered of it. */
export class DiskSide {
  readonly #component: string;
  readonly #admin: AdminConnections;
  /** The same on every machine: a standby's files have the primary's names. */
  #relations: Relations | undefined;
  /** Where a procedure cut off the history of a machine, which its server itself does not know. */
  readonly #cutOff = new Map<string, string>();

  constructor(component: string, admin: AdminConnections) {
    this.#component = component;
    this.#admin = admin;
  }

  async askRelations(node: string): Promise<Relations> {
    const text =
      "SELECT pg_relation_filepath('blackstart.ledger') AS heap, pg_relation_filepath('blackstart.ledger_op') AS index";
    const [row] = await this.#admin.query(node, text, ADMIN_TIMEOUT_MS);
    return (this.#relations = { heap: textOf(row, "heap"), index: textOf(row, "index") });
  }

  /** A server that runs is asked to write first what it has in memory: the disk is what is looked at. */
  async locate(node: Node, what: string, where: Where): Promise<Location> {
    if ((await node.state()) === "running") {
      await this.#admin.query(node.name, "CHECKPOINT", CHECKPOINT_TIMEOUT_MS);
      await this.askRelations(node.name);
    }
    if (!this.#relations) throw new Error(`${this.#component} has no ledger yet`);
    return findPlace(node, this.#relations, what, where);
  }

  async crashInPageWrite(node: Node, signal: AbortSignal): Promise<PageWrite> {
    const { heap } = await this.askRelations(node.name);
    return crashInPageWrite(node, this.#admin, heap, signal);
  }

  async repair(node: Node, method: string, context: RepairContext): Promise<void> {
    const endsAt = (position: string) => void this.#cutOff.set(node.name, position);
    await repairNode(method, { ...context, node, admin: this.#admin, endsAt });
  }

  /** pg_resetwal writes into pg_control that the server was shut down in order, and the server believes it. */
  corrected(node: Node, facts: Record<string, string>): Record<string, string> {
    const position = this.#cutOff.get(node.name);
    if (position === undefined || facts["clean_shutdown"] === undefined) return facts;
    const { clean_shutdown: _claimed, ...others } = facts;
    return { ...others, recovery_end_position: position };
  }
}
