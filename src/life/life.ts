/** All that the function may do around a save. It is a bundle of its own, loaded when the first rule asks for any of it. */
export { saveAndFinish } from './after-steps.ts';
export { remove } from './remove.ts';
export { submit } from './submit.ts';
export { outcomeOfTask } from './task-event.ts';
