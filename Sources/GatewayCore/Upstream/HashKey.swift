package import GatewaySettings

/// The parts of a request that choose its endpoint with `balance = "hash"`.
package struct HashKey {
    package let parts: [KeyPart]
    /// Whether clients without the cookie receive one.
    let makesCookie: Bool

    package init(_ source: KeySource, makesCookie: Bool) {
        self.parts = source.parts.map(KeyPart.init)
        self.makesCookie = makesCookie
    }
}
