import { ENTITIES, loadDotEnv, ormOptions, targetFromEnvironment } from './src/index.js';

loadDotEnv();

export default ormOptions(targetFromEnvironment(), ENTITIES);
