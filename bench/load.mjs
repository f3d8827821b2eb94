/** Imports by name from the packages beside this file; what is compiled stands elsewhere. */
export const load = (name) => import(name);
