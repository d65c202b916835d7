/** undici declares types for its main module only; importing that at run time would load all of undici. */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';

  export default Agent;
}
