using System.Text;
using AslRescue.LibAsl.Abi;

namespace AslRescue.LibAsl.Tests;

/// <summary>The exported functions, called as C calls them: through pointers, with memory of the caller's.</summary>
internal static unsafe class Library
{
    internal static readonly delegate* unmanaged<ulong, int> Close = &Exports.Close;
    internal static readonly delegate* unmanaged<ErrorInfo*, int> Error = &Exports.Error;
    internal static readonly delegate* unmanaged<int, byte*, ulong, ulong*, int> ErrorText = &Exports.ErrorText;
    internal static readonly delegate* unmanaged<int, int> ExitCode = &Exports.ExitCode;
    internal static readonly delegate* unmanaged<byte*, ulong, ulong*, int> Version = &Exports.GetVersion;
    internal static readonly delegate* unmanaged<byte*, OpenOptions*, ulong*, int> StoreOpen = &Exports.StoreOpen;
    internal static readonly delegate* unmanaged<ulong, ulong*, int> SnapshotsOpen = &Exports.SnapshotsOpen;
    internal static readonly delegate* unmanaged<ulong, SnapshotInfo*, int> SnapshotsNext = &Exports.SnapshotsNext;
    internal static readonly delegate* unmanaged<ulong, ulong*, int> SnapshotsSnapshot = &Exports.SnapshotsSnapshot;
    internal static readonly delegate* unmanaged<ulong, byte*, ulong*, int> SnapshotOpen = &Exports.SnapshotOpen;
    internal static readonly delegate* unmanaged<ulong, SnapshotInfo*, int> SnapshotDescribe = &Exports.SnapshotDescribe;
    internal static readonly delegate* unmanaged<ulong, int, byte*, ulong, ulong*, int> SnapshotText = &Exports.SnapshotText;
    internal static readonly delegate* unmanaged<ulong, uint, SourceInfo*, int> SourceDescribe = &Exports.SourceDescribe;
    internal static readonly delegate* unmanaged<ulong, uint, int, byte*, ulong, ulong*, int> SourceText = &Exports.SourceText;
    internal static readonly delegate* unmanaged<ulong, uint, byte*, ulong*, int> NodeOpen = &Exports.NodeOpen;
    internal static readonly delegate* unmanaged<ulong, NodeInfo*, int> NodeDescribe = &Exports.NodeDescribe;
    internal static readonly delegate* unmanaged<ulong, int, byte*, ulong, ulong*, int> NodeText = &Exports.NodeText;
    internal static readonly delegate* unmanaged<ulong, uint, byte*, ulong, ulong*, int> NodeAttributeName = &Exports.NodeAttributeName;
    internal static readonly delegate* unmanaged<ulong, uint, void*, ulong, ulong*, int> NodeAttributeValue = &Exports.NodeAttributeValue;
    internal static readonly delegate* unmanaged<ulong, ulong, void*, ulong, ulong*, int> NodeRead = &Exports.NodeRead;
    internal static readonly delegate* unmanaged<ulong, ulong, Extent*, uint, uint*, int> NodeMap = &Exports.NodeMap;
    internal static readonly delegate* unmanaged<ulong, ulong*, int> DirectoryOpen = &Exports.DirectoryOpen;
    internal static readonly delegate* unmanaged<ulong, NodeInfo*, int> DirectoryNext = &Exports.DirectoryNext;
    internal static readonly delegate* unmanaged<ulong, ulong*, int> DirectoryNode = &Exports.DirectoryNode;
    internal static readonly delegate* unmanaged<ulong, byte*, void*, ulong, ulong*, int> ArtifactRead = &Exports.ArtifactRead;
    internal static readonly delegate* unmanaged<ulong, uint, ulong*, int> VerificationOpen = &Exports.VerificationOpen;
    internal static readonly delegate* unmanaged<ulong, VerificationInfo*, int> VerificationStep = &Exports.VerificationStep;
    internal static readonly delegate* unmanaged<ulong, uint, int*, byte*, ulong, ulong*, int> VerificationFinding = &Exports.VerificationFinding;

    /// <summary>A function that gives a text or data, its other arguments bound.</summary>
    internal delegate int Telling(byte* text, ulong capacity, ulong* length);

    internal static int TryOpenStore(string location, out ulong store)
    {
        ulong opened = 77;
        int status;
        fixed (byte* text = C(location))
        {
            status = StoreOpen(text, null, &opened);
        }

        store = opened;
        return status;
    }

    internal static ulong OpenStore(string location)
    {
        Ok(TryOpenStore(location, out var store));
        return store;
    }

    internal static int TryOpenSnapshot(ulong store, string id, out ulong snapshot)
    {
        ulong opened = 77;
        int status;
        fixed (byte* text = C(id))
        {
            status = SnapshotOpen(store, text, &opened);
        }

        snapshot = opened;
        return status;
    }

    internal static ulong OpenSnapshot(ulong store, string id = "latest")
    {
        Ok(TryOpenSnapshot(store, id, out var snapshot));
        return snapshot;
    }

    internal static int TryOpenNode(ulong snapshot, uint source, byte[] path, out ulong node)
    {
        ulong opened = 77;
        int status;
        fixed (byte* raw = (byte[])[.. path, 0])
        {
            status = NodeOpen(snapshot, source, raw, &opened);
        }

        node = opened;
        return status;
    }

    internal static ulong OpenNode(ulong snapshot, string path, uint source = 0)
    {
        Ok(TryOpenNode(snapshot, source, Encoding.UTF8.GetBytes(path), out var node));
        return node;
    }

    internal static ulong Open(delegate* unmanaged<ulong, ulong*, int> function, ulong from)
    {
        ulong opened;
        Ok(function(from, &opened));
        return opened;
    }

    internal static NodeInfo Describe(ulong node)
    {
        var info = new NodeInfo { StructSize = (uint)sizeof(NodeInfo) };
        Ok(NodeDescribe(node, &info));
        return info;
    }

    /// <summary>The names in a directory, in the order in which they are told.</summary>
    internal static List<string> Names(ulong node)
    {
        List<string> names = [];
        var directory = Open(DirectoryOpen, node);
        var info = new NodeInfo { StructSize = (uint)sizeof(NodeInfo) };
        int status;
        while ((status = DirectoryNext(directory, &info)) == 0)
        {
            names.Add(Encoding.UTF8.GetString(info.Name, (int)info.NameLength));
        }

        Assert.Equal(1, status);
        Ok(Close(directory));
        return names;
    }

    /// <summary>Status, bytes read, and the bytes.</summary>
    internal static (int Status, byte[] Bytes) Read(ulong node, ulong offset, int capacity)
    {
        var buffer = new byte[capacity + 1];
        buffer[capacity] = 0xcc;
        ulong length = 99;
        int status;
        fixed (byte* target = buffer)
        {
            status = NodeRead(node, offset, target, (ulong)capacity, &length);
        }

        Assert.Equal(0xcc, buffer[capacity]);
        return (status, buffer[..(int)length]);
    }

    internal static byte[] Told(Telling tell)
    {
        ulong length;
        Ok(tell(null, 0, &length));
        var buffer = new byte[length + 1];
        fixed (byte* target = buffer)
        {
            Ok(tell(target, length + 1, &length));
        }

        return buffer[..(int)length];
    }

    internal static string Text(Telling tell) => Encoding.UTF8.GetString(Told(tell));

    internal static ErrorInfo LastError()
    {
        var info = new ErrorInfo { StructSize = (uint)sizeof(ErrorInfo) };
        Ok(Error(&info));
        return info;
    }

    internal static string LastErrorText(ErrorPart part = ErrorPart.All) => Text((text, capacity, length) => ErrorText((int)part, text, capacity, length));

    internal static void Ok(int status) => Assert.True(status == 0, status == 0 ? "" : $"{status}: {LastErrorText()}");

    internal static byte[] C(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}
