// SPDX-License-Identifier: Apache-2.0
import { isDomainName, isIpv6Address } from './host-name.ts';

/**
 * Whether Go takes an ASCII text for the URI of a certificate: `url.Parse` succeeds (with the defaults of Go 1.23, as 1.3.2 is
 * built) and the host, if there is one, is a domain name by `isDomainName`.
 */
export function isAcceptableUri(text: string): boolean {
  const [beforeFragment = '', ...fragments] = text.split('#');
  return hasValidEscapes(fragments.join('#')) && isAcceptableWithoutFragment(beforeFragment);
}

function isAcceptableWithoutFragment(text: string): boolean {
  if (hasControlCharacter(text)) return false;
  if (text === '*') return true;
  if (text.startsWith(':')) return false;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(text)?.[0] ?? '';
  const [rest = ''] = text.slice(scheme === '' ? 0 : scheme.length + 1).split('?');
  if (!rest.startsWith('/')) {
    // with a scheme it is opaque and not looked into; without one its first segment could be taken for a scheme
    return scheme !== '' || (!(rest.split('/')[0] ?? '').includes(':') && hasValidEscapes(rest));
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) return hasValidEscapes(rest);
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  return isAcceptableAuthority(authority) && (slash < 0 || hasValidEscapes(rest.slice(slash)));
}

function hasControlCharacter(text: string): boolean {
  return Array.from(text).some((character) => character < ' ' || character === '\x7f');
}

/** Whether every percent sign is followed by two hexadecimal digits. */
function hasValidEscapes(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

function isAcceptableAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@');
  const userinfo = authority.slice(0, Math.max(at, 0));
  const host = authority.slice(at + 1);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo) || !hasValidEscapes(userinfo)) return false;
  return host.includes('[') ? isAcceptableLiteral(host) : isAcceptableHost(host);
}

const hostCharacters = /^[A-Za-z0-9!$&'()*+,;=:[\]<>"\-_.~]*$/;

/** A host that is no IP literal, with or without a port. */
function isAcceptableHost(host: string): boolean {
  const colon = host.lastIndexOf(':');
  if (colon >= 0 && !/^\d*$/.test(host.slice(colon + 1))) return false;
  // other escapes are errors, or make a character that no domain name has
  const plain = host.replaceAll('%25', '-');
  return hostCharacters.test(plain) && isDomainName(plain);
}

/** `[` IPv6 address, perhaps with a zone (RFC 6874) `]`, with or without a port. */
function isAcceptableLiteral(host: string): boolean {
  const parts = /^\[([^[]*)\](?::\d*)?$/.exec(host);
  const [address = '', ...zones] = (parts?.[1] ?? '').split('%25');
  return isIpv6Address(address) && (zones.length === 0 || isAcceptableZone(zones.join('%25')));
}

function isAcceptableZone(zone: string): boolean {
  if (zone === '' || !hasValidEscapes(zone)) return false;
  // an escape may only spell what could stand there itself, or a percent sign; of a dot the neighbours matter
  const plain = zone.replaceAll(/%([0-9A-Fa-f]{2})/g, (escape, code: string) =>
    escape === '%25' ? '-' : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return hostCharacters.test(plain) && isDomainName(`0${plain}0`);
}
