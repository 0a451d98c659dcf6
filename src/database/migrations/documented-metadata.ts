import type { EntityMetadata } from '@mikro-orm/core';
import { TsMorphMetadataProvider } from '@mikro-orm/reflection';

type ClassDeclaration = NonNullable<
  ReturnType<ReturnType<TsMorphMetadataProvider['getExistingSourceFile']>['getClass']>
>;
interface Documented {
  getJsDocs?: () => { getDescription(): string }[];
}

/** What columns mean that mean the same in every table. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  user: 'The user whose row this is.',
  id: 'UUIDv7, made in the application.',
  createdAt: 'When the row was stored.',
  updatedAt: 'When the row was last changed.',
  version: 'Counts the changes of the row: one made to an older version is refused.',
};

/** Reads types from the source as its parent does, and the docstrings too: they are the comments of tables and columns. */
export class DocumentedMetadataProvider extends TsMorphMetadataProvider {
  override loadEntityMetadata(meta: EntityMetadata): void {
    super.loadEntityMetadata(meta);
    const declaration = meta.path ? this.getExistingSourceFile(meta.path).getClass(meta.className) : undefined;
    if (!declaration) return;
    meta.comment ??= textOf(declaration);
    for (const property of Object.values(meta.properties)) {
      property.comment ??=
        propertyText(declaration, property.name) ??
        accessorText(declaration, property.accessor) ??
        EVERYWHERE[property.name];
    }
  }
}

const accessorText = (declaration: ClassDeclaration, name: unknown): string | undefined =>
  typeof name === 'string' ? propertyText(declaration, name) : undefined;

function propertyText(declaration: ClassDeclaration, name: string): string | undefined {
  // Through the type, so that properties of base classes are found too.
  const declarations =
    declaration.getInstanceProperty(name) ?? declaration.getType().getProperty(name)?.getDeclarations()[0];
  return declarations && textOf(declarations as Documented);
}

function textOf(node: Documented): string | undefined {
  const description = node.getJsDocs?.().at(-1)?.getDescription();
  const text = description
    ?.replace(/\{@link ([^}]+)\}/g, '$1')
    .replace(/[`\s]+/g, gap => (gap.includes('`') ? gap.replaceAll('`', '') : ' '))
    .trim();
  return text || undefined;
}
