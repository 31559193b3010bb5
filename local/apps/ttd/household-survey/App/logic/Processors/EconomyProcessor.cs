#nullable enable
using System;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;

namespace Altinn.App.Logic.Processors;

/// <summary>Adds up the monthly expenses.</summary>
public class EconomyProcessor : IDataProcessor
{
    public Task ProcessDataRead(Instance instance, Guid? dataId, object data, string? language) => Task.CompletedTask;

    public Task ProcessDataWrite(Instance instance, Guid? dataId, object data, object? previousData, string? language)
    {
        if (data is Economy form)
        {
            form.Derived ??= new EconomyDerived();
            form.Derived.MonthlyExpenses =
                (form.Expenses?.Food ?? 0) + (form.Expenses?.Transport ?? 0) + (form.Expenses?.Housing ?? 0);
        }

        return Task.CompletedTask;
    }
}
