/** An object of the API whose fields are told by the tables: it has passed the type check before it comes here. */
export type Fields = Record<string, any>;

/** The containers of a pod with the names of the lists that they stand in, in the order they are started. */
export function everyContainer(spec: Fields): { list: string; position: number; container: Fields }[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    ((spec[list] ?? []) as Fields[]).map((container, position) => ({ list, position, container })),
  );
}
