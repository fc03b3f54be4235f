import { Redis } from "ioredis";

/**
 * A connection with every patience set and every helpfulness of the client off: nothing is queued, sent again or connected again
 * behind the back of whoever measures (resending applied one INCR twice).
 */
export async function openClient(port: number, password: string, timeoutMs: number): Promise<Redis> {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    password,
    lazyConnect: true,
    connectTimeout: Math.max(1, Math.ceil(timeoutMs)),
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    disableClientInfo: true,
    retryStrategy: () => null,
    reconnectOnError: () => false,
    keepAlive: 1_000,
  });
  client.on("error", () => undefined); // without a listener a lost connection is printed; the next command reports it
  try {
    await answered(client.connect(), timeoutMs);
  } catch (thrown) {
    client.disconnect();
    throw thrown;
  }
  return client;
}

/** Rejects after `timeoutMs`; the connection is then of no further use, for its answers would be taken for later ones. */
export function answered<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within ${Math.round(timeoutMs)} ms`)),
      Math.max(1, timeoutMs),
    );
    promise.then(
      (value) => (clearTimeout(timer), resolve(value)),
      (thrown: unknown) => (clearTimeout(timer), reject(thrown as Error)),
    );
  });
}
