package import GatewayHTTP

/// A URL in `Location` or `Content-Location` that names the host of the request. It is stored without that host, because
/// clients that share a response may call the same host by different names: each gets the one that it used.
package enum HostReference {
    /// Stands for the host. No URL has it, because braces are not allowed in one (RFC 3986 section 2).
    private static let placeholder: StaticString = "{host}"

    /// Returns the reference for all clients. Nil if it is the same.
    ///
    /// - Parameter host: The host, and the port if the client named one; empty if it named none.
    package static func withoutHost(
        _ reference: UnsafeRawBufferPointer,
        _ host: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        guard !host.isEmpty, let authority = self.authority(of: reference),
            ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: reference[authority]), host)
        else { return nil }
        return Array(reference[..<authority.lowerBound]) + Array(UnsafeRawBufferPointer(self.placeholder))
            + Array(reference[authority.upperBound...])
    }

    /// Returns a stored reference for a client. Nil if it is the same for all.
    ///
    /// - Parameter host: The host that the client used. Empty: it gets the path alone.
    package static func withHost(
        _ reference: UnsafeRawBufferPointer,
        _ host: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        guard let authority = self.authority(of: reference),
            reference[authority].elementsEqual(UnsafeRawBufferPointer(self.placeholder))
        else { return nil }
        let rest = Array(reference[authority.upperBound...])
        guard host.isEmpty else { return Array(reference[..<authority.lowerBound]) + Array(host) + rest }
        return rest.first == UInt8(ascii: "/") ? rest : [UInt8(ascii: "/")] + rest
    }

    /// Where the authority of a reference is. Nil if it has none, or is not of HTTP.
    private static func authority(of reference: UnsafeRawBufferPointer) -> Range<Int>? {
        let schemes: [StaticString] = ["//", "http://", "https://"]
        let scheme = schemes.first { scheme in
            scheme.utf8CodeUnitCount <= reference.count
                && ByteClass.equalsIgnoringCase(
                    UnsafeRawBufferPointer(rebasing: reference[..<scheme.utf8CodeUnitCount]),
                    UnsafeRawBufferPointer(scheme)
                )
        }
        guard let start = scheme?.utf8CodeUnitCount else { return nil }
        let end = reference[start...].firstIndex { "/?#".utf8.contains($0) } ?? reference.count
        return start..<end
    }
}

extension HeaderBlock {
    /// Changes `Location` and `Content-Location`.
    ///
    /// - Parameter change: Returns the new reference, or nil if it stays.
    package mutating func changeReferences(_ change: (UnsafeRawBufferPointer) -> [UInt8]?) {
        guard self.present.intersects(References.fields) else { return }
        for id in [FieldID.location, .contentLocation] {
            guard let value = self.first(id), let new = self.withBytes(value, change) else {
                continue
            }
            self.remove(id)
            self.add(HeaderName(id), new)
        }
    }
}

private enum References {
    static let fields: FieldSet = [.location, .contentLocation]
}
