import GatewaySettings
package import NIOCore

extension PathPrefix {
    /// Writes the path without the prefix. The result always begins with a slash.
    package func write(into buffer: inout ByteBuffer, path: UnsafeRawBufferPointer) {
        let length = strippedLength(of: path)
        if length == path.count {
            buffer.writeInteger(UInt8(ascii: "/"))
        } else {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: path[length...]))
        }
    }
}
