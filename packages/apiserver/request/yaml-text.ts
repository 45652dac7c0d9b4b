/** Writes plain data as YAML in block style; what could be read as something else is quoted as in JSON. */
export function yamlText(value: unknown): string {
  return isBranch(value) ? branch(value, 0) : `${leaf(value)}\n`;
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function leaf(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  return typeof value === 'string' ? scalar(value) : String(value);
}

/** A string that no YAML reader takes for anything else stands plain. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$/.test(text);
  const special = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i.test(text);
  return plain && !special ? text : JSON.stringify(text);
}

function branch(value: object, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) {
    return value
      .map((item) => {
        if (!isBranch(item)) return `${indent}- ${leaf(item)}\n`;
        return `${indent}- ${branch(item, depth + 1).slice(indent.length + 2)}`;
      })
      .join('');
  }
  let text = '';
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const head = `${indent}${scalar(name)}:`;
    if (!isBranch(item)) text += `${head} ${leaf(item)}\n`;
    else text += `${head}\n${branch(item, Array.isArray(item) ? depth : depth + 1)}`;
  }
  return text;
}
