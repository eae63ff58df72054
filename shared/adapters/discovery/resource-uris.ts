// SPDX-License-Identifier: Apache-2.0
import { parseReference } from '../../oci/reference.ts';
import { parseImageName, repositoryOf } from './image-name.ts';

/** What one entry of RESOURCE_URIS is: `registry/repository@digest`, or why it is none. */
export type ResourceUri = { readonly reference: string } | { readonly rejected: string; readonly reason: string };

/** Docker@2 writes one entry per registry of a push; a thousand of them would be no pipeline of ours. */
const maxEntries = 1000;

/** Entries are names of images; what is longer is cut in messages. */
const maxShown = 150;

/**
 * Docker@2 reads `localhost/x` as an image of Docker Hub, and of `host.example:5000/a/b/c` only `host.example`. Nobody but
 * Docker pushes to `library`, and no image there has a dot in its name.
 */
const misread = /^docker\.io\/(?:localhost\/|library\/(?:localhost|[^/@]*\.[^/@]*)@)/;

/**
 * Parses the variable RESOURCE_URIS, `https://<registry>/<repository>@<digest>` joined by commas, as Docker@2 sets it after
 * a push. Any step of the job can write it, so that everything in it is held against the grammar; the scheme says nothing
 * about the transport. Empty entries, which Docker@2 writes for names it cannot parse, are left out.
 */
export function parseResourceUris(value: string): ResourceUri[] {
  const entries = value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const parsed = [...new Set(entries.slice(0, maxEntries))].map(parseEntry);
  if (entries.length <= maxEntries) return parsed;
  const reason = `only the first ${maxEntries} entries are looked at`;
  return [...parsed, { rejected: `${entries.length - maxEntries} more entries`, reason }];
}

/** A text from outside, fit for messages and outputs: cut, and without anything that no reference contains. */
export function showUri(text: string): string {
  const cut = text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
  return cut.replace(/[^\w.:/@+-]/g, '?');
}

function parseEntry(entry: string): ResourceUri {
  const reject = (reason: string): ResourceUri => ({ rejected: showUri(entry), reason });
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(entry);
  if (scheme === null) return reject('it does not start with https://');
  if (scheme[1] !== 'https') return reject('it does not start with https://, as Docker@2 writes it');
  const text = entry.slice(scheme[0].length);
  if (text.includes('://')) return reject('it contains :// twice');
  if (/@(?:sha256:?)?$/.test(text)) return reject('its digest is empty: the output of the push did not tell it');
  if (!text.includes('@')) return reject('it has no digest');
  if (misread.test(text)) return reject('Docker@2 has taken the name of a registry for an image of Docker Hub');
  return isReference(text) ? { reference: normalised(text) } : reject('it is not <registry>/<repository>@<digest>');
}

function isReference(text: string): boolean {
  try {
    return parseReference(text).digest !== undefined;
  } catch {
    return false;
  }
}

/** The aliases of Docker Hub become `docker.io`, so that one image is not taken for two. */
function normalised(text: string): string {
  const name = parseImageName(text);
  return name?.digest === undefined ? text : `${repositoryOf(name)}@${name.digest}`;
}
