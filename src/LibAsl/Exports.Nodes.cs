using System.Runtime.InteropServices;
using AslRescue.LibAsl.Abi;
using AslRescue.LibAsl.Calls;
using AslRescue.LibAsl.Reading;

namespace AslRescue.LibAsl;

/// <summary>Trees: nodes, their bytes, and directories.</summary>
internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "asl_node_open")]
    internal static int NodeOpen(ulong snapshot, uint source, byte* path, ulong* node) => OpenFrom<OpenedSnapshot>(snapshot, node, it =>
    {
        var raw = Arguments.Path(path);
        return new Node(it, it.Find(source, raw), raw);
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_node_describe")]
    internal static int NodeDescribe(ulong node, NodeInfo* info) => Edge.Use<Node>(node, it => Results.Struct(info, Node.Describe(it.Entry)));

    [UnmanagedCallersOnly(EntryPoint = "asl_node_text")]
    internal static int NodeText(ulong node, int which, byte* text, ulong capacity, ulong* length) =>
        Edge.Use<Node>(node, it => Results.Text(it.Text((NodeText)which), text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_node_attribute_name")]
    internal static int NodeAttributeName(ulong node, uint index, byte* text, ulong capacity, ulong* length) =>
        Edge.Use<Node>(node, it => Results.Text(it.Attribute(index).Name, text, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_node_attribute_value")]
    internal static int NodeAttributeValue(ulong node, uint index, void* data, ulong capacity, ulong* length) =>
        Edge.Use<Node>(node, it => Results.Data(it.Attribute(index).Value, (byte*)data, capacity, length));

    [UnmanagedCallersOnly(EntryPoint = "asl_node_read")]
    internal static int NodeRead(ulong node, ulong offset, void* data, ulong capacity, ulong* length)
    {
        SetNone(length);
        return Edge.Use<Node>(node, it =>
        {
            Arguments.MustBeThere(length, "length");
            if (capacity > 0)
            {
                Arguments.MustBeThere(data, "data");
            }

            return it.Read(offset, (byte*)data, capacity, length);
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "asl_node_map")]
    internal static int NodeMap(ulong node, ulong offset, Extent* extents, uint capacity, uint* count)
    {
        if (count is not null)
        {
            *count = 0;
        }

        return Edge.Use<Node>(node, it =>
        {
            Arguments.MustBeThere(extents, "extents");
            Arguments.MustBeThere(count, "count");
            return it.Map(offset, extents, capacity, count);
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "asl_directory_open")]
    internal static int DirectoryOpen(ulong node, ulong* directory) => OpenFrom<Node>(node, directory, it => new DirectoryCursor(it));

    [UnmanagedCallersOnly(EntryPoint = "asl_directory_next")]
    internal static int DirectoryNext(ulong directory, NodeInfo* info) => Edge.Use<DirectoryCursor>(directory, it =>
    {
        _ = Results.CheckSize(info);
        if (it.Next() is not { } entry)
        {
            return Edge.End;
        }

        Results.Struct(info, Node.Describe(entry));
        return Edge.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "asl_directory_node")]
    internal static int DirectoryNode(ulong directory, ulong* node) => OpenFrom<DirectoryCursor>(directory, node, it => it.OpenCurrent());
}
