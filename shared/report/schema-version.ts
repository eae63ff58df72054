// SPDX-License-Identifier: Apache-2.0

/** Version of docs/results.schema.json that every item of the JSON outputs follows; docs/results.md says when it changes. */
export const schemaVersion = 1;
