/** Names in raw/ of what a workload of kind `service` leaves beside the operations; a workload's name fits into a file's. */
export const requestFiles = (workload: string): { lines: string; looks: string } => ({
  lines: `requests-${workload}.txt`,
  looks: `requests-${workload}.clock.jsonl`,
});

/** The kind whose operations come through an application, and whose requests are in the record for that reason. */
export const comesAsRequests = ({ kind }: { readonly kind: string }): boolean => kind === "service";
