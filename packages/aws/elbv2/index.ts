/** Load balancers: their addresses, names and interfaces. What forwards is a driver's. */
export { chooseHostAddress, LoadBalancerController } from './load-balancer-controller.ts';
export { type LoadBalancerDriver, simulatedLoadBalancers } from './load-balancer-driver.ts';
