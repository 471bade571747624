/** The Prometheus source against Debian's real `prometheus`. */
import { metricsContract } from '../contracts/metrics.contract.ts'
import { realPrometheus } from './real-prometheus.ts'

metricsContract("Debian's prometheus", realPrometheus)
