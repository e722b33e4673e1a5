import NIOConcurrencyHelpers

/// The certificates in use, which all event loops share. A renewal or a reload replaces them while handshakes are in progress.
package final class CertificateStore: Sendable {
    private let box: NIOLockedValueBox<CertificateTable>

    package init(_ table: CertificateTable) { self.box = NIOLockedValueBox(table) }

    package var table: CertificateTable {
        get { self.box.withLockedValue { $0 } }
        set { self.box.withLockedValue { $0 = newValue } }
    }
}
