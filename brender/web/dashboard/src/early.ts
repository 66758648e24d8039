// The first that a browser runs: it asks the farm, and who is here, and then the rest of the application comes.

import { pathOf } from "./app/paths";
import { API, ROOT, askAhead } from "./farm/api";
import { askFirst } from "./farm/first";

askFirst(pathOf(location.pathname, ROOT), new URLSearchParams(location.search));
askAhead(`${API}/session`);
