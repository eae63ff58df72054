// SPDX-License-Identifier: Apache-2.0
import { decodeBase64 } from './base64.ts';

/** A PEM block (RFC 7468, with the headers of RFC 1421 left out). */
export interface PemBlock {
  /** The words after BEGIN, such as `CERTIFICATE`. */
  readonly label: string;
  readonly bytes: Uint8Array;
  /** From BEGIN to END, as it stands in the text. */
  readonly text: string;
}

const begin = '-----BEGIN ';
const end = '\n-----END ';
const dashes = '-----';

/**
 * All PEM blocks of a text (one character per byte), as Go's `pem.Decode` finds them: text between blocks and blocks that are
 * not well-formed are passed over, which is why a caller must mind finding none.
 */
export function parsePemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let next = nextBlock(text, 0);
  while (next !== undefined) {
    blocks.push(next.block);
    next = nextBlock(text, next.rest);
  }
  return blocks;
}

interface Found {
  readonly block: PemBlock;
  /** Where to go on. */
  readonly rest: number;
}

/** Goes from END line to END line and takes the last BEGIN line before it, so that a BEGIN without END does no harm. */
function nextBlock(text: string, start: number): Found | undefined {
  let from = start;
  for (;;) {
    const endIndex = text.indexOf(end, from);
    if (endIndex < 0) return undefined;
    const beginIndex = text.slice(from, endIndex).lastIndexOf(begin) + from;
    const afterEnd = endIndex + end.length;
    if (beginIndex >= from && (beginIndex === from || text[beginIndex - 1] === '\n')) {
      const found = blockBetween(text, beginIndex, endIndex);
      if (found === 'no more') return undefined;
      if (found !== undefined) return found;
    }
    from = afterEnd;
  }
}

/** The block of a BEGIN and an END line, or undefined if it is not well-formed. */
function blockBetween(text: string, beginIndex: number, endIndex: number): Found | 'no more' | undefined {
  const typeLine = lineAt(text, beginIndex + begin.length);
  if (!typeLine.text.endsWith(dashes)) return undefined;
  const label = typeLine.text.slice(0, -dashes.length);

  let body = typeLine.next;
  for (;;) {
    if (body >= text.length) return 'no more';
    const line = lineAt(text, body);
    if (!line.text.includes(':')) break;
    body = line.next;
  }
  const hasHeaders = body > typeLine.next;
  // an END line with a colon has been taken for a header: Go gives up there
  if (endIndex + end.length < body) return 'no more';
  if (hasHeaders && endIndex < body) return undefined;

  const endLine = lineAt(text, endIndex + end.length);
  if (endLine.text !== label + dashes) return undefined;

  // the line feed before END may be the one that ends the BEGIN line: an empty block
  const bytes = endIndex > body ? decodeBody(text.slice(body, endIndex)) : new Uint8Array();
  if (bytes === undefined) return undefined;
  return { block: { label, bytes, text: text.slice(beginIndex, endLine.next) }, rest: endLine.next };
}

/** A line without its end and trailing blanks, and where the next one starts. */
function lineAt(text: string, start: number): { text: string; next: number } {
  const lineFeed = text.indexOf('\n', start);
  if (lineFeed < 0) return { text: trimRight(text.slice(start)), next: text.length };
  const lineEnd = lineFeed > start && text[lineFeed - 1] === '\r' ? lineFeed - 1 : lineFeed;
  return { text: trimRight(text.slice(start, lineEnd)), next: lineFeed + 1 };
}

function trimRight(line: string): string {
  let length = line.length;
  while (length > 0 && (line[length - 1] === ' ' || line[length - 1] === '\t')) length--;
  return line.slice(0, length);
}

function decodeBody(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text.replaceAll(/[ \t]/g, ''));
  } catch {
    return undefined;
  }
}
