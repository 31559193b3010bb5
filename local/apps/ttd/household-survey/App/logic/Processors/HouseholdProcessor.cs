#nullable enable
using System;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Processors;

/// <summary>Counts the people in the household.</summary>
public class HouseholdProcessor : IDataProcessor
{
    public Task ProcessDataRead(Instance instance, Guid? dataId, object data, string? language) => Task.CompletedTask;

    public Task ProcessDataWrite(Instance instance, Guid? dataId, object data, object? previousData, string? language)
    {
        if (data is Household form)
        {
            form.Derived ??= new HouseholdDerived();
            form.Derived.Size = form.Members.Count + 1; // the respondent is not in the list
        }

        return Task.CompletedTask;
    }
}
