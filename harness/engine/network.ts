import { randomBytes } from "node:crypto";
import type Dockerode from "dockerode";
import { messageOf, notReady } from "../errors.ts";
import { labelsFor } from "./labels.ts";

export interface RunNetwork {
  readonly name: string;
  /** A fixed address for each name, in the order in which they are asked for. */
  readonly addressOf: (name: string) => string;
}

/**
 * A network of the run's own with a subnet that is named: only then do containers get fixed addresses, which later containers
 * cannot inherit. The engine proposes the subnet (it knows the administrator's address pools); if another run is given the same
 * one at the same instant, the engine refuses the second and it asks again.
 */
export async function createNetwork(docker: Dockerode, run: string): Promise<RunNetwork> {
  let refusal: unknown;
  for (let attempt = 0; attempt < 20; attempt++) {
    const proposal = await docker.createNetwork({
      Name: `blackstart-${run}-${randomBytes(2).toString("hex")}`,
      Labels: labelsFor(run),
    });
    const { IPAM } = (await proposal.inspect()) as { IPAM?: { Config?: { Subnet?: string }[] } };
    await proposal.remove();
    const subnet = IPAM?.Config?.[0]?.Subnet;
    if (!subnet) break;
    try {
      const name = `blackstart-${run}`;
      await docker.createNetwork({
        Name: name,
        Labels: labelsFor(run),
        IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
        Options: { "com.docker.network.bridge.enable_ip_masquerade": "false" }, // nothing of a drill leaves this machine
      });
      return { name, addressOf: allocator(subnet) };
    } catch (thrown) {
      refusal = thrown;
    }
  }
  throw notReady(
    `the engine gave the drill no network: ${messageOf(refusal ?? "no subnet proposed")}`,
    "free unused networks with `docker network prune`",
    refusal,
  );
}

function allocator(subnet: string): (name: string) => string {
  const [base = ""] = subnet.split("/");
  const octets = base.split(".").map(Number);
  const addresses = new Map<string, string>();
  return (name) => {
    const known = addresses.get(name);
    if (known) return known;
    const address = [octets[0], octets[1], octets[2], 10 + addresses.size].join(".");
    addresses.set(name, address);
    return address;
  };
}
