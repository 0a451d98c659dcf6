import { basename, join } from 'node:path';
import ts from 'typescript';

/** What the compiler knows about programs. */
export interface Compiled {
  /** What it says against them, line by line; nothing when all is well. */
  problems: string[];
  /** The methods that they call, such as `DepositService.open`. */
  calls: ReadonlySet<string>;
}

/** @param files by name, as if they lay in `docs/`: the programs, and what these import from there. */
export function compiled(files: Readonly<Record<string, string>>): Compiled {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const texts = new Map(Object.entries(files).map(([name, text]) => [join(process.cwd(), 'docs', name), text]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = file => texts.has(file) || fileExists(file);
  host.readFile = file => texts.get(file) ?? readFile(file);
  const program = ts.createProgram(
    [...texts.keys()].filter(file => file.endsWith('.ts')),
    options,
    host,
  );
  const sources = program.getRootFileNames().map(name => program.getSourceFile(name)!);
  return {
    problems: sources.flatMap(source => problemsOf(program, source)),
    calls: new Set(sources.flatMap(source => callsIn(source, program.getTypeChecker()))),
  };
}

function problemsOf(program: ts.Program, source: ts.SourceFile): string[] {
  const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return problems.map(({ start = 0, messageText }) => {
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    return `${basename(source.fileName)} ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

function callsIn(source: ts.SourceFile, checker: ts.TypeChecker): string[] {
  const calls: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: callee, name } = node.expression;
      calls.push(`${checker.getTypeAtLocation(callee).symbol?.name}.${name.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}
