import { sameValue } from '@keelson/model';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { isWriteTo } from './refusal.ts';

type Fields = Record<string, any>;

/**
 * AlwaysPullImages: images are always pulled, so that a private image on a node is of use only to who may pull it. Not
 * among kube-apiserver's default plug-ins.
 */
export class AlwaysPullImages implements AdmissionPlugin {
  readonly name = 'AlwaysPullImages';

  mutate(request: AdmissionRequest): void {
    const { operation, object, previous } = request;
    const ofPods = isWriteTo(request, '', 'pods') || isWriteTo(request, '', 'pods', 'ephemeralcontainers');
    if (!ofPods || object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const spec: Fields = object['spec'] ?? {};
    // An update that leaves the images alone may be of a pod from before; its policy cannot be changed.
    if (operation === 'UPDATE' && sameValue(images(spec), images(previous?.['spec'] ?? {}))) return;
    for (const container of containersOf(spec)) container['imagePullPolicy'] = 'Always';
    for (const { image } of (spec['volumes'] ?? []) as Fields[]) if (image !== undefined) image.pullPolicy = 'Always';
  }
}

function containersOf(spec: Fields): Fields[] {
  return [...(spec['initContainers'] ?? []), ...(spec['containers'] ?? []), ...(spec['ephemeralContainers'] ?? [])];
}

function images(spec: Fields): string[] {
  return containersOf(spec).map(({ image }) => image);
}
