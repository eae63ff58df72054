// SPDX-License-Identifier: Apache-2.0
import { foldsTo } from '../primitives/json-fields.ts';
import { malformedAt } from '../primitives/json-position.ts';
import type { JsonObject, JsonValue } from '../primitives/json.ts';

/** Members of manifests, indexes and descriptors that decide something (image-spec). */
const names = [
  ...['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'blobs', 'manifests', 'subject'],
  ...['annotations', 'digest', 'size', 'urls', 'data', 'platform'],
];

/**
 * Refuses a document with a member such as `Layers`: readers in Go take it for `layers`, all others pass over it, and so would
 * see two different documents. Keys of annotations are free. Throws `malformed`.
 */
export function refuseAmbiguousNames({ members }: JsonObject): void {
  for (const { key, value } of members) {
    const name = names.find((each) => foldsTo(key, each));
    if (name === undefined) continue;
    if (name !== key) throw malformedAt(value.at, `member ${JSON.stringify(key)} could be read as ${name}`);
    if (name !== 'annotations') objectsIn(value).forEach(refuseAmbiguousNames);
  }
}

function objectsIn(value: JsonValue): readonly JsonObject[] {
  if (value.kind === 'object') return [value];
  return value.kind === 'array' ? value.items.filter((item) => item.kind === 'object') : [];
}
