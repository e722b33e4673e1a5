/// The only request that a half-open circuit admits. When it ends, with an outcome or without, another one may go.
struct CircuitProbe: ~Copyable {
    let circuit: EndpointCircuit
    let number: UInt32

    deinit { self.circuit.abandoned(self.number) }
}
