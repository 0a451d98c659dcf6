import { ENTITIES, loadDotEnv, migratorTargetFromEnvironment, ormOptions } from './src/index.js';

loadDotEnv();

export default ormOptions(migratorTargetFromEnvironment(), ENTITIES);
