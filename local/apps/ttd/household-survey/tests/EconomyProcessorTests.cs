using Altinn.App.Logic.Processors;
using Altinn.App.Models;
using Altinn.Platform.Storage.Interface.Models;
using Xunit;

namespace Altinn.App.Tests;

public class EconomyProcessorTests
{
    [Fact]
    public async Task Adds_up_what_is_given()
    {
        Economy form = new() { Expenses = new Expenses { Food = 9_500, Housing = 14_200 } };
        await new EconomyProcessor().ProcessDataWrite(new Instance(), null, form, null, "nb");
        Assert.Equal(23_700, form.Derived?.MonthlyExpenses);
    }

    [Fact]
    public async Task No_expenses_give_zero()
    {
        Economy form = new();
        await new EconomyProcessor().ProcessDataWrite(new Instance(), null, form, null, "nb");
        Assert.Equal(0, form.Derived?.MonthlyExpenses);
    }
}
