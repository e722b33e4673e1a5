import GatewaySettings
package import NIOCore

extension PathPrefix {
    /// Writes what is left, which always begins with a slash.
    package func write(into buffer: inout ByteBuffer, path: UnsafeRawBufferPointer) {
        let length = strippedLength(of: path)
        if length == path.count {
            buffer.writeInteger(UInt8(ascii: "/"))
        } else {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: path[length...]))
        }
    }
}
