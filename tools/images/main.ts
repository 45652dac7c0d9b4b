/** Makes images as OCI archives: `node tools/images/main.ts OUT nginx busybox pause keelson`. */
import { buildImages, recipes } from './build-images.ts';
import { ImageBuildError } from './recipe.ts';

const [output, ...names] = process.argv.slice(2);
if (!output || names.length === 0) {
  process.stderr.write(
    `usage: node tools/images/main.ts OUTPUT-DIRECTORY NAME…\nnames: ${recipes()
      .map(({ name }) => name)
      .join(' ')}\n`,
  );
  process.exit(2);
}
try {
  for (const name of names) {
    const [built] = await buildImages(output, [name]);
    process.stdout.write(`${built!.image} ${built!.digest} ${built!.path}${built!.cached ? ' (unchanged)' : ''}\n`);
  }
} catch (error) {
  if (!(error instanceof ImageBuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
