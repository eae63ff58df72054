// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/** An archive of the Notation CLI. */
export interface NotationRelease {
  readonly url: string;
  /** SHA-256 of the archive, lower-case hex. */
  readonly checksum: string;
}

/** The name of the CLI's file inside the archives. */
export const notationFile = { posix: 'notation', windows: 'notation.exe' } as const;

type Target = 'linux_amd64' | 'linux_arm64' | 'darwin_amd64' | 'darwin_arm64' | 'windows_amd64';

/** SHA-256 of the archives of every 1.x release, as published with it. */
const releases: ReadonlyMap<string, Readonly<Record<Target, string>>> = new Map([
  [
    '1.3.2',
    {
      linux_amd64: 'e1a0f060308086bf8020b2d31defb7c5348f133ca0dba6a1a7820ef3cbb6dfe5',
      linux_arm64: '34143c7b816a50104824278080a5cf12bbf855488e003f62e6acf27ed25c423c',
      darwin_amd64: '72fade2ccb0765e2ff26b53c9ca663dd33dc4f2020b2b8493e703a9ccf6174a2',
      darwin_arm64: '054bf6e9fb2619390dab9c74e5d6c511bde7609f3a060ee512c6aead2440c214',
      windows_amd64: '014f25a530eee17520c8e1eb7380e4bd02ff6fc04479a07a890954e3b7ddfdc7',
    },
  ],
  [
    '1.3.1',
    {
      linux_amd64: 'f4d34390f4ba94324eb2344a25eb039e830d60f526d4c380576d578ed2636b12',
      linux_arm64: 'e977074e9f769e27f144cc9737095a6e0943754868d7f89cae956be7e0df262f',
      darwin_amd64: '64bc3f07ec41f48cb65c90849c960ffc8a9d8923b74c45469703c19ce22b18e5',
      darwin_arm64: '8b89e2d318b5db1cbbbc846145ad7cdc7c725a321bec58876e6a50db8f262e29',
      windows_amd64: 'ee04c9d9dfce9885e0a9966e1e2203c2c8ab5329113a72e3679b507b8ecec982',
    },
  ],
  [
    '1.3.0',
    {
      linux_amd64: '6de64e5d0d637d2f0b743c577bd70b8c6654b43863c29ab4aea99dd72f3ccdc1',
      linux_arm64: 'e9de6db6ec46a552ca02b4cabb60f3820d321864646ab90c231953d1ae40bc29',
      darwin_amd64: '2a82b1ffa980c1b6dc59068c37932137198c4b8f5c77d427aaac7eeb33ff0a88',
      darwin_arm64: '97bcc5ed8483f0c13eb2619069fef51feebd12a0d081a76066476a0280b8f10a',
      windows_amd64: 'ff8f18a8a12850a2d165dd035d56e2817b3016162cb479ab351561b5bb940767',
    },
  ],
  [
    '1.2.0',
    {
      linux_amd64: 'f781f0652adc633798fc1e1db12732d0b53e34d87d4bd2752c72b6bbed967bac',
      linux_arm64: 'b5c6569630289a491149862d584b001c254707ea908c843843535d478061da3c',
      darwin_amd64: '91c7a157aea38a5a628ec1a2094d7b2ad9f75e6a9e22b9dce095a06a70bb6d76',
      darwin_arm64: '992628c821fa0461fa0d70e611a5fb25435ce974f0578095e94412bbd935a24a',
      windows_amd64: '43e8d3ddc5b1d9a4a1992615fc7d4f2dabd03e77654d46c76c30e4650a2230a5',
    },
  ],
  [
    '1.1.1',
    {
      linux_amd64: 'de5f9845505b38fd30c2b1f4c2172ae517e3eba3e9836647f14525daa0f930c1',
      linux_arm64: 'f035db321a112887dac1c2e7e9d0f60afa2e332174ab956ea6a901fc5488a218',
      darwin_amd64: 'b336e7a13612b1aa52b5a682247a2742f0683f7adb7811a5ae35e75d04bf8e87',
      darwin_arm64: 'e7a68e56736a9b435707326c61331e4402b90bb83154bee4ce6bf619efade28f',
      windows_amd64: 'bf4e928f43409b8b2ce640dc284f847b6de4e02c53f60b3171298bc28b296258',
    },
  ],
  [
    '1.1.0',
    {
      linux_amd64: '0e31e156edff6cc324405cda391d7144b0b99c265a7bdfa6644f457e530fe6d4',
      linux_arm64: '8c01a8f52356b15ce2c69be4cea193c56d092f913482d2e4a4d90ad6ec81fe64',
      darwin_amd64: 'a190962ca09a24d814916e26c8f98d01c1891fd0bae6192355675b8b16e38726',
      darwin_arm64: '295df24d247f4b276bd1ee04ae5f639b8feadebd68c01be1821c0b94cbd5cf75',
      windows_amd64: '397b5ccc27d8f890f955f1e91f8fb21e4c23995ec8f5a42257e72a14728bd4d5',
    },
  ],
  [
    '1.0.1',
    {
      linux_amd64: '898b6c1cab5763d2dbe979132ae1a5d09571bfd62d14cc9114b77815e0228302',
      linux_arm64: 'c3145753e5426598e78ab283c1ff4b77a479d6485ccc523288033ea5aa5b9389',
      darwin_amd64: '8bf5e64cd46729619c0b5c39234a73605da5bc1e422b5e0481cbee9e1e4e0cf1',
      darwin_arm64: '0f320e95cce9e48ea171ad8a9f59490749d2fb8ca68d616e2aa6551d813f4bf3',
      windows_amd64: '278fd5da38e431ee6821b3a51c0e276d20e26309db010464886d931d63ab1b46',
    },
  ],
  [
    '1.0.0',
    {
      linux_amd64: 'eceec8cb6d5cbaeb8f6f22399eb89317fe005a85206a5e780fdde1ef5bb64596',
      linux_arm64: 'ae1884ae17b7ae7ce694c63d51a52ab0dac1f2c0ca384163455c1e96c5663db0',
      darwin_amd64: 'b977590bbeca6f53171ed3f06ae3fe8f56b1f27a0682c06fa902a4892a998858',
      darwin_arm64: '7e00cbcd642d337f93af4ddc8bc08c2b4bf36e0ff9093304d7ae4bc962bc91a5',
      windows_amd64: 'c175270af703caa63473c8d9ea503ad07ffdcc91c7b95d30f4184dfe1374872c',
    },
  ],
]);

/** Node's names of platforms and architectures, in the words of the releases. */
const platforms = new Map([
  ['linux', 'linux'],
  ['darwin', 'darwin'],
  ['win32', 'windows'],
]);
const architectures = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** Releases that can be installed, newest first. */
export const notationVersions: readonly string[] = [...releases.keys()];

/**
 * The official archive of a release for a platform and architecture in Node's words. Throws `input-invalid` with the
 * messages of notation-action 1.2.2 for a version, platform or architecture that has none.
 */
export function findNotationRelease(version: string, platform: string, architecture: string): NotationRelease {
  const os = platforms.get(platform);
  if (os === undefined) throw unsupported(`unsupported platform: ${platform}`);
  const arch = architectures.get(architecture);
  if (arch === undefined) throw unsupported(`unsupported architecture: ${architecture}`);
  const checksums = releases.get(version);
  if (checksums === undefined) {
    const hint = `{input:version} can be ${notationVersions.join(', ')}; for another build give {input:url} and {input:checksum}.`;
    throw unsupported(`official Notation CLI release does not support version ${version}`, hint);
  }
  const target = `${os}_${arch}`;
  if (!isTarget(target, checksums)) {
    const what = `version ${version}, platform ${os}, arch ${arch}`;
    throw unsupported(`official Notation CLI release for ${what} is not supported`);
  }
  return { url: archiveUrl(version, target), checksum: checksums[target] };
}

function isTarget(target: string, checksums: Readonly<Record<Target, string>>): target is Target {
  return Object.hasOwn(checksums, target);
}

function archiveUrl(version: string, target: Target): string {
  const file = `notation_${version}_${target}.${target.startsWith('windows') ? 'zip' : 'tar.gz'}`;
  return `https://github.com/notaryproject/notation/releases/download/v${version}/${file}`;
}

function unsupported(message: string, hint?: string): NotaryError {
  return new NotaryError('input-invalid', message, hint === undefined ? {} : { hint });
}
