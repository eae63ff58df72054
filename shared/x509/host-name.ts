// SPDX-License-Identifier: Apache-2.0

/** Go's loose rule for the domain names of certificates: labels that are not empty, of visible ASCII, no final dot. */
export function isDomainName(text: string, { leadingDot = false } = {}): boolean {
  if (text === '') return true;
  const labels = (leadingDot ? text.replace(/^\./, '') : text).split('.');
  return labels.every((label) => /^[!-~]+$/.test(label));
}

/** Four decimal numbers up to 255, without leading zeros. */
export function isIpv4Address(text: string): boolean {
  const octets = text.split('.');
  return octets.length === 4 && octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
}

/** RFC 4291 section 2.2, without a zone. */
export function isIpv6Address(text: string): boolean {
  const [left = '', right, ...more] = text.split('::');
  if (more.length > 0) return false;
  const groups = groupsOf(left, right === undefined).concat(right === undefined ? [] : groupsOf(right, true));
  const wellFormed = groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group));
  return wellFormed && (right === undefined ? groups.length === 8 : groups.length <= 7);
}

/** Groups between colons; an IPv4 address at the end stands for two. */
function groupsOf(text: string, atEnd: boolean): string[] {
  if (text === '') return [];
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  return atEnd && isIpv4Address(last) ? [...groups.slice(0, -1), '0', '0'] : groups;
}
