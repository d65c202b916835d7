import { render } from 'preact';
import { App } from './app.tsx';
import { startDropping } from './drop/from-anywhere.ts';
import { startUploads } from './drop/uploads.ts';
import { startLive } from './live.ts';
import { startPreferences } from './preferences.ts';
import { startProblems } from './problem.ts';
import { startRoute } from './route.ts';
import './style/index.css';

startPreferences();
startRoute();
startUploads();
startDropping();
startProblems();
startLive();
render(<App />, document.body);
