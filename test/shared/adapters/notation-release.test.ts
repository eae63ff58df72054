// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { findNotationRelease, notationVersions } from '../../../shared/adapters/notation-release.ts';
import { inputTable } from '../../../shared/inputs.ts';

describe('findNotationRelease', () => {
  it('has every 1.x release for the platforms of notation-action', () => {
    expect(notationVersions).toEqual(['1.3.2', '1.3.1', '1.3.0', '1.2.0', '1.1.1', '1.1.0', '1.0.1', '1.0.0']);
    const targets = [
      ['linux', 'x64', 'linux_amd64.tar.gz'],
      ['linux', 'arm64', 'linux_arm64.tar.gz'],
      ['darwin', 'x64', 'darwin_amd64.tar.gz'],
      ['darwin', 'arm64', 'darwin_arm64.tar.gz'],
      ['win32', 'x64', 'windows_amd64.zip'],
    ] as const;
    const checksums = new Set<string>();
    for (const version of notationVersions) {
      for (const [platform, architecture, file] of targets) {
        const { url, checksum } = findNotationRelease(version, platform, architecture);
        expect(url).toBe(
          `https://github.com/notaryproject/notation/releases/download/v${version}/notation_${version}_${file}`,
        );
        expect(checksum).toMatch(/^[0-9a-f]{64}$/);
        checksums.add(checksum);
      }
    }
    expect(checksums.size).toBe(notationVersions.length * targets.length);
  });

  it('[GH-4] has the default version of the input', () => {
    expect(notationVersions).toContain(inputTable.version.default.github);
  });

  it.each(['2.0.0', '', 'v1.3.2', 'latest', 'constructor', '__proto__'])(
    '[GH-5] [GH-10] does not have %j',
    (version) => {
      expect(() => findNotationRelease(version, 'linux', 'x64')).toThrow(
        `official Notation CLI release does not support version ${version}`,
      );
    },
  );

  it("gives upstream's messages for platforms without a release", () => {
    expect(() => findNotationRelease('1.3.2', 'freebsd', 'x64')).toThrow('unsupported platform: freebsd');
    expect(() => findNotationRelease('1.3.2', 'linux', 's390x')).toThrow('unsupported architecture: s390x');
    expect(() => findNotationRelease('1.3.2', 'win32', 'arm64')).toThrow(
      'official Notation CLI release for version 1.3.2, platform windows, arch arm64 is not supported',
    );
  });
});
