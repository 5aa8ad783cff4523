import { openDevice } from "../../runtime/device/device";

const d = await openDevice();
console.log(JSON.stringify(d.facts.name));
d.close();
