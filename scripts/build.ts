// SPDX-License-Identifier: Apache-2.0
/**
 * Makes dist/ from the sources: `node scripts/build.ts`. With `--check` nothing is written: the build is compared with
 * the committed dist/, and any difference is an error.
 */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import type { OutputOptions, RolldownOutput } from 'rolldown';
import { thirdPartyNotices } from './notices.ts';

const root = join(import.meta.dirname, '..');

/** One bundle: what it starts from, and the form that its host loads. */
interface Bundle {
  readonly folder: string;
  readonly entries: Readonly<Record<string, string>>;
  readonly output: OutputOptions;
  readonly nodeTarget: string;
  /** Files copied beside the code, relative to the root. */
  readonly files: readonly string[];
  readonly packageType: 'module' | 'commonjs';
}

const bundles: readonly Bundle[] = [
  {
    folder: 'action',
    entries: {
      main: 'actions/main.ts',
      setup: 'actions/setup/main.ts',
      sign: 'actions/sign/main.ts',
      verify: 'actions/verify/main.ts',
      inspect: 'actions/inspect/main.ts',
    },
    output: { format: 'esm' },
    nodeTarget: 'node24',
    files: [],
    packageType: 'module',
  },
  {
    folder: 'ado-task',
    entries: { index: 'ado-task/main.ts' },
    output: { format: 'cjs' },
    nodeTarget: 'node20',
    files: ['ado-task/task.json', 'ado-task/icon.png'],
    packageType: 'commonjs',
  },
];

async function build(target: string): Promise<void> {
  for (const bundle of bundles) await buildBundle(bundle, join(target, bundle.folder));
}

async function buildBundle(bundle: Bundle, folder: string): Promise<void> {
  const build = await rolldown({
    cwd: root,
    input: { ...bundle.entries },
    platform: 'node',
    transform: { target: bundle.nodeTarget },
    // @actions/core loads an HTTP client for a function that nothing here calls: without it a step starts twice as fast.
    treeshake: { moduleSideEffects: [{ test: /[\\/]node_modules[\\/]@actions[\\/]/, sideEffects: false }] },
    // cbor-extract is a native accelerator of cbor-x; without it cbor-x decodes in JavaScript.
    external: ['cbor-extract'],
    logLevel: 'warn',
  });
  const output = await build.write({
    ...bundle.output,
    dir: folder,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    // Licences are in THIRD_PARTY_NOTICES.
    comments: { legal: false, annotation: false, jsdoc: false },
  });
  await build.close();
  await writeFile(join(folder, 'package.json'), `${JSON.stringify({ type: bundle.packageType })}\n`);
  for (const file of bundle.files) await cp(join(root, file), join(folder, file.slice(file.lastIndexOf('/') + 1)));
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await writeFile(join(folder, 'THIRD_PARTY_NOTICES'), await thirdPartyNotices(root, modulesOf(output)));
}

function modulesOf({ output }: RolldownOutput): string[] {
  return output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
}

/** Every file below a folder with its bytes, by path. */
async function contentsOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = new Map<string, Buffer>();
  for (const path of paths.sort()) contents.set(relative(folder, path), await readFile(path));
  return contents;
}

/** Names of files that differ between the committed dist/ and a fresh build. */
async function differences(): Promise<string[]> {
  const fresh = await mkdtemp(join(tmpdir(), 'build-'));
  try {
    await build(fresh);
    const [committed, built] = [await contentsOf(join(root, 'dist')), await contentsOf(fresh)];
    const names = new Set([...committed.keys(), ...built.keys()]);
    return [...names].filter((name) => !committed.get(name)?.equals(built.get(name) ?? Buffer.alloc(0)));
  } finally {
    await rm(fresh, { recursive: true });
  }
}

if (process.argv.includes('--check')) {
  const stale = await differences();
  if (stale.length > 0) {
    console.error(`dist/ is not what the build gives; run npm run build. Different: ${stale.join(', ')}`);
    process.exitCode = 1;
  }
} else {
  const target = join(root, 'dist');
  await rm(target, { recursive: true, force: true });
  await mkdir(dirname(target), { recursive: true });
  await build(target);
}
