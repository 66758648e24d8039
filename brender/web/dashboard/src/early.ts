// The first that a browser runs: it asks the farm, and then the rest of the application comes.

import { pathOf } from "./app/paths";
import { ROOT } from "./farm/api";
import { askFirst } from "./farm/first";

askFirst(pathOf(location.pathname, ROOT), new URLSearchParams(location.search));
